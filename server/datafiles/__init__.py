"""Datafiles: the files of a published version, each made from its document alone."""

"""The page of open data: tables, schemas, the zip of all, the zip of a day."""

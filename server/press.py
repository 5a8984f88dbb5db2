"""The press: an HTML document on its standard input, a tagged PDF on its standard output.

A process of its own, run by `server.annex`: it may be stopped, it slows nobody's room down, and it knows no secret.
It fetches nothing: what a document needs is in it.
"""

import os
import sys
import warnings

POLITE = 5  # a screen that waits for its room goes first


def main() -> None:
    os.nice(POLITE)
    document = sys.stdin.buffer.read().decode()
    # Only here: it needs Pango, and half a second.
    from weasyprint import HTML
    from weasyprint.urls import URLFetcher

    warnings.simplefilter("ignore")
    nothing_but_itself = URLFetcher(allowed_protocols=("data",))
    pdf = HTML(string=document, url_fetcher=nothing_but_itself).write_pdf(pdf_variant="pdf/ua-1")
    sys.stdout.buffer.write(pdf)


if __name__ == "__main__":
    main()

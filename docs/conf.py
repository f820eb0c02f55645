"""How docs/ becomes pages: ``sphinx-build -W -b html docs docs/_build``, without a network."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

from scroogevm import __version__

project = "ScroogeVM"
author = "the ScroogeVM developers"
copyright = author  # noqa: A001  # Sphinx calls it so
version = release = __version__

extensions = ["myst_parser", "generated"]
exclude_patterns = ["_build", "_ext", "performance/bench_*.md"]  # these are parts of pages
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
nitpicky = True
smartquotes = False  # what is quoted is often code

html_theme = "furo"
html_title = "ScroogeVM"
html_static_path = ["_static"]
html_css_files = ["scroogevm.css"]
html_show_sphinx = False
html_copy_source = False

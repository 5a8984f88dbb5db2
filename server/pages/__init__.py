"""Pages: one module per noun, one function per page. They never import each other."""

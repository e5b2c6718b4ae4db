"""A graph of references in, text out: SVG to look at, Mermaid and DOT for other tools."""

"""Places written in one line, such as ``update 40 BACKWARD t=7 op 3 unit 2``, and bookmarks."""

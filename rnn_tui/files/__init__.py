"""The user's files: safe writing, safe reading, and the folders for what the program keeps."""

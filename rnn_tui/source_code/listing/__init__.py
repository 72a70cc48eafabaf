"""One update as a listing: lines of code that know which operation they are, for the screen."""

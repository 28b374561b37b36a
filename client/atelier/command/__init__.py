"""The command line: `atelier NOUN VERB`. Every noun is a file here; a verb is one entry in its list."""

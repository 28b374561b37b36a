"""What is done to rows and files by itself: `sweep` what is deleted, find the `unreferenced`, `measuring`, and the
`copies` of a bucket."""

package release

// Swap is tested by itself: no file system of a test machine lacks exchange.
var Swap = swap

"""GloVe: words that occur near each other are counted, then vectors are fitted to the logarithms of the counts."""

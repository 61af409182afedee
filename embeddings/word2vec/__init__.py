"""word2vec: skip-gram and CBOW with negative sampling, hierarchical softmax or the full softmax."""

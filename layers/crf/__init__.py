"""Linear-chain conditional random fields: the layer, its loss, inference and tag schemes."""

from .decoder import ViterbiDecoder
from .decoding import k_best, sample, viterbi
from .inference import edge_marginals, log_likelihood, log_partition, marginals, score
from .layer import CRF
from .loss import CRFLoss
from .schemes import allowed_transitions

__all__ = [
    "CRF",
    "CRFLoss",
    "ViterbiDecoder",
    "allowed_transitions",
    "edge_marginals",
    "k_best",
    "log_likelihood",
    "log_partition",
    "marginals",
    "sample",
    "score",
    "viterbi",
]

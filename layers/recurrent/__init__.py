"""Recurrent layers, and what regularises them."""

from .gru import GRU
from .lstm import LSTM
from .regularization import ActivationRegularization
from .weight_drop import WeightDrop
from .zoneout import Zoneout

__all__ = ["GRU", "LSTM", "ActivationRegularization", "WeightDrop", "Zoneout"]

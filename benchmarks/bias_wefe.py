"""WEFE's WEAT, RND and RIPA, run by a Python that has WEFE: `PYTHON bias_wefe.py FOLDER`. Imports nothing of ours."""

import json
import sys
from pathlib import Path

import numpy as np
from gensim.models import KeyedVectors


def run(folder: Path) -> dict[str, dict[str, float]]:
    """Reads vectors and queries from a folder; gives the numbers of each query by their names."""
    from wefe.metrics import RIPA, RND, WEAT
    from wefe.query import Query
    from wefe.word_embedding_model import WordEmbeddingModel

    rows = np.load(folder / "rows.npy")
    keyed = KeyedVectors(rows.shape[1])
    keyed.add_vectors(json.loads((folder / "words.json").read_text("utf-8")), rows)
    model = WordEmbeddingModel(keyed)
    metrics = {"weat": WEAT, "rnd": RND, "ripa": RIPA}
    found = {}
    for name, job in json.loads((folder / "jobs.json").read_text("utf-8")).items():
        query = Query(job["targets"], job["attributes"])
        result = metrics[job["metric"]]().run_query(
            query, model, normalize=job["normalize"], lost_vocabulary_threshold=1.0
        )
        found[name] = {key: float(value) for key, value in result.items() if isinstance(value, int | float | np.number)}
    return found


if __name__ == "__main__":
    place = Path(sys.argv[1])
    (place / "found.json").write_text(json.dumps(run(place)), "utf-8")

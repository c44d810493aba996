"""UP-CF@r (Faggioli et al., UMAP 2020): user-wise popularity of the last r baskets, summed over similar customers.

Settings: recent = r, 0 = all baskets; asymmetry of the cosine; locality = power of the similarity. The customer's own
share counts too.
"""

import numpy as np
import polars as pl
from matrices import baskets, best, matrix
from week import give, given

week = given()
recent = week.settings["recent"] or 1 << 30
last = baskets(week).filter(pl.col("place") < recent)
share = matrix(week, last.with_columns(value=1 / pl.min_horizontal(pl.col("n_baskets"), recent)))
length = np.maximum(np.asarray(share.multiply(share).sum(axis=1)).ravel(), 1e-12)


def scores(customers):
    asymmetry = week.settings["asymmetry"]
    alike = (
        (share[customers] @ share.T)
        .multiply(1 / length[customers, None] ** asymmetry)
        .multiply(1 / length[None, :] ** (1 - asymmetry))
    )
    return (alike.tocsr().power(week.settings["locality"]) @ share).toarray()


give(week, best(week, scores), "numpy", "scipy")

"""All candidate sources, by name."""

from typing import Final

from retrieval.co_purchase import CoPurchase
from retrieval.favourite_category import FavouriteCategory
from retrieval.matrix_factorization import MatrixFactorization
from retrieval.popularity import Popularity
from retrieval.repurchase import Repurchase
from retrieval.same_product import SameProduct
from retrieval.source import CandidateSource

SOURCES: Final[dict[str, type[CandidateSource]]] = {
    Repurchase.name: Repurchase,
    Popularity.name: Popularity,
    SameProduct.name: SameProduct,
    CoPurchase.name: CoPurchase,
    FavouriteCategory.name: FavouriteCategory,
    MatrixFactorization.name: MatrixFactorization,
}

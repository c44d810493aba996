"""All candidate sources, by name."""

from typing import Final

from lookbook.retrieval.source import CandidateSource
from lookbook.retrieval.sources.association_rules import AssociationRules
from lookbook.retrieval.sources.co_purchase import CoPurchase
from lookbook.retrieval.sources.content import Content
from lookbook.retrieval.sources.favourite_category import FavouriteCategory
from lookbook.retrieval.sources.item_neighbours import ItemNeighbours
from lookbook.retrieval.sources.latent_factors import LatentFactors
from lookbook.retrieval.sources.matrix_factorization import MatrixFactorization
from lookbook.retrieval.sources.popularity import Popularity
from lookbook.retrieval.sources.random_walk import RandomWalk
from lookbook.retrieval.sources.repurchase import Repurchase
from lookbook.retrieval.sources.same_product import SameProduct
from lookbook.retrieval.sources.social import Social
from lookbook.retrieval.sources.user_neighbours import UserNeighbours

SOURCES: Final[dict[str, type[CandidateSource]]] = {
    Repurchase.name: Repurchase,
    Popularity.name: Popularity,
    SameProduct.name: SameProduct,
    CoPurchase.name: CoPurchase,
    FavouriteCategory.name: FavouriteCategory,
    MatrixFactorization.name: MatrixFactorization,
    ItemNeighbours.name: ItemNeighbours,
    RandomWalk.name: RandomWalk,
    UserNeighbours.name: UserNeighbours,
    Content.name: Content,
    AssociationRules.name: AssociationRules,
    LatentFactors.name: LatentFactors,
    Social.name: Social,
}

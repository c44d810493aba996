"""The embedding model and its loss: a dot product trained by sampled softmax (Keras 3).

Input: batches of purchases and negatives, as row numbers of two tables. Output: the loss; the trained vectors are the weights.
Import this module inside functions only, after `start_tensorflow`: it loads Keras.
"""

import keras
from keras import ops

from lookbook.retrieval.vectors.batches import Batch, Floats, Vectors


class EmbeddingModel(keras.Model):  # type: ignore[misc]  # Keras has no stubs
    """Affinity of a customer to an article = dot product of their vectors + bias of the article.

    The tables are plain variables read with `ops.take`: an Embedding layer converts its whole table at every call.
    """

    def __init__(self, customers: Vectors, articles: Vectors, *, l2: float, dtype: str) -> None:
        """dtype: a Keras policy, float32 or mixed_bfloat16 (tables and loss stay float32, the products do not)."""
        super().__init__(dtype=dtype)
        self.l2 = l2
        self.customer_vectors = self._table("customer_vectors", customers.vectors)
        self.article_vectors = self._table("article_vectors", articles.vectors)
        self.article_bias = self._table("article_bias", articles.bias)

    def _table(self, name: str, start: Floats) -> keras.Variable:
        return self.add_weight(
            name=name, shape=start.shape, dtype="float32", initializer=lambda shape, dtype=None: ops.convert_to_tensor(start)
        )

    def call(self, batch: Batch) -> keras.KerasTensor:
        """Sum over the batch of weight * sampled softmax loss, plus L2 of the vectors of customer and article; a scalar.

        The softmax of an example runs over its article and the shared negatives. A negative's logit is lowered by the log of
        how often it was expected in the sample (logQ), which makes the sum of the negatives an unbiased estimate of the sum
        over all other articles (Bengio and Senécal, 2008; Blanc and Rendle, 2018). An example's own article among the
        negatives (accidental hit) is masked out. A sum, not a mean: the step of a row must not shrink with the batch.
        """
        customer, article, negative, bias, offset = self.look_up(batch)
        offset = offset - batch.negative_log_expected
        true_logit = ops.sum(customer * article, axis=-1) + bias
        products = ops.matmul(ops.cast(customer, self.compute_dtype), ops.transpose(ops.cast(negative, self.compute_dtype)))
        hit = ops.equal(ops.expand_dims(batch.article, 1), ops.expand_dims(batch.negative, 0))
        false_logits = ops.where(hit, -1e9, ops.cast(products, "float32") + offset)
        loss = ops.softplus(ops.logsumexp(false_logits, axis=1) - true_logit)
        penalty = ops.sum(ops.square(customer), axis=-1) + ops.sum(ops.square(article), axis=-1)
        return ops.sum(batch.weight * (loss + self.l2 * penalty))

    def look_up(self, batch: Batch) -> tuple[keras.KerasTensor, ...]:
        """Vectors of the batch's customers, articles and negatives; biases of its articles and negatives."""
        return (
            ops.take(self.customer_vectors.value, batch.customer, axis=0),
            ops.take(self.article_vectors.value, batch.article, axis=0),
            ops.take(self.article_vectors.value, batch.negative, axis=0),
            ops.take(self.article_bias.value, batch.article, axis=0),
            ops.take(self.article_bias.value, batch.negative, axis=0),
        )

"""Training whose cost per step does not depend on the size of the tables: all TensorFlow that retrieval has.

Input: Vectors and batches. Output: trained Vectors after every epoch. A step on a CPU reads and writes only the rows of its
batch. For Adagrad that is exact, not an approximation: a row without gradient does not move.
Import this module inside functions only, after `start_tensorflow`: it loads TensorFlow.
"""

from collections.abc import Callable, Iterable, Iterator

import keras
import numpy as np
import tensorflow as tf

from lookbook.retrieval.source import Device
from lookbook.retrieval.vectors.batches import Batch, Floats, Vectors
from lookbook.retrieval.vectors.model import EmbeddingModel

Steps = Callable[[Batch], Floats]


class RowSparseAdagrad(keras.optimizers.Adagrad):  # type: ignore[misc]  # Keras has no stubs
    """Adagrad that touches only the rows a batch used (Duchi et al., 2011); dense gradients take the stock path."""

    def update_step(self, gradient: tf.Tensor | tf.IndexedSlices, variable: tf.Variable, learning_rate: tf.Tensor) -> None:
        if not isinstance(gradient, tf.IndexedSlices):
            super().update_step(gradient, variable, learning_rate)
            return
        rows, slot = tf.unique(gradient.indices)  # a row that occurs twice must be summed before it is squared
        total = tf.math.unsorted_segment_sum(gradient.values, slot, tf.size(rows))
        accumulator = self._accumulators[self._get_variable_index(variable)].value
        # gather and overwrite: with deterministic kernels TensorFlow adds into rows at half the speed
        squares = tf.gather(accumulator, rows) + tf.square(total)
        accumulator.scatter_update(tf.IndexedSlices(squares, rows))
        move = tf.cast(learning_rate, total.dtype) * total / tf.sqrt(squares + self.epsilon)
        variable.scatter_update(tf.IndexedSlices(tf.gather(variable, rows) - move, rows))


def train(
    customers: Vectors, articles: Vectors, epochs: Iterable[Iterable[Batch]], *, learning_rate: float, l2: float, device: Device
) -> Iterator[tuple[Floats, tuple[Vectors, Vectors]]]:
    """After every epoch (stacks of batches): the loss of each batch, and the vectors of customers and articles."""
    model = EmbeddingModel(customers, articles, l2=l2, dtype="mixed_bfloat16" if device == "gpu" else "float32")
    steps = compiled_steps(model, RowSparseAdagrad(learning_rate), device=device)
    for stacks in epochs:
        losses = np.concatenate([steps(stack) for stack in stacks])
        trained_customers = Vectors(customers.ids, model.customer_vectors.numpy(), customers.bias)
        yield losses, (trained_customers, Vectors(articles.ids, model.article_vectors.numpy(), model.article_bias.numpy()))


def compiled_steps(model: EmbeddingModel, optimizer: keras.optimizers.Optimizer, *, device: Device) -> Steps:
    """A function that trains `model` on a stack of batches, one after the other, and gives the loss of each.

    The loop over the batches runs inside TensorFlow: a call from Python costs as much as half a step. All batches must have
    one size. On a CPU gradients stay sparse. On a GPU they are made dense and the loop is compiled by XLA: the same numbers
    up to rounding, faster with large batches.
    """
    optimizer.build(model.trainable_variables)
    weights = [weight.value for weight in model.trainable_variables]

    def step(batch: tuple[tf.Tensor, ...]) -> tf.Tensor:
        with tf.GradientTape() as tape:
            loss = model.call(Batch(*batch))
        gradients = tape.gradient(loss, weights)
        if device == "gpu":
            gradients = [tf.convert_to_tensor(gradient) for gradient in gradients]
        optimizer.apply(gradients, model.trainable_variables)
        return loss

    def loop(*stack: tf.Tensor) -> tf.Tensor:
        return tf.map_fn(step, stack, fn_output_signature=tf.float32, parallel_iterations=1)  # each step sees the one before

    rows, floats = (tf.TensorSpec((None, None), dtype) for dtype in (tf.int32, tf.float32))
    signature = Batch(customer=rows, article=rows, weight=floats, negative=rows, negative_log_expected=floats)
    compiled = tf.function(loop, input_signature=signature, autograph=False, jit_compile=device == "gpu").get_concrete_function()
    return lambda stack: np.asarray(compiled(*map(tf.convert_to_tensor, stack)))

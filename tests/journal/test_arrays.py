"""Arrays as bytes, and back: the same bits."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from scroogevm.journal.arrays import pack, unpack

_DTYPES = st.sampled_from([np.float64, np.float32, np.int64, np.uint8, np.bool_])


@given(_DTYPES.flatmap(lambda d: hnp.arrays(d, hnp.array_shapes(min_dims=0, min_side=0))))
def test_an_array_comes_back_bit_by_bit(array: NDArray[np.generic]) -> None:
    packed = pack(array)
    back = unpack(packed.data)
    assert back.dtype == array.dtype
    assert back.shape == array.shape
    assert back.tobytes() == array.tobytes()
    assert (pack(back).digest, pack(back).data) == (packed.digest, packed.data)


def test_samples_of_single_precision_take_half_the_place() -> None:
    rng = np.random.default_rng(1)
    single = rng.random((100, 180), dtype=np.float32).astype(np.float64)
    assert len(pack(single).data) < 0.51 * single.nbytes
    double = rng.random((100, 180))
    assert unpack(pack(double).data).tobytes() == double.tobytes()


def test_objects_are_refused() -> None:
    with pytest.raises(ValueError, match="numbers"):
        pack(np.array([object()]))


@pytest.mark.parametrize("data", [b"", b"[]", b'["<f8", "<f8", [1], true]\nnothing', b"\xff"])
def test_other_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        unpack(data)

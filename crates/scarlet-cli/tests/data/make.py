"""Makes the Parquet files of this folder as pyarrow writes them. Needs pyarrow."""

import pyarrow as pa
import pyarrow.parquet as pq

table = pa.table(
    {
        "id": pa.array([7, 8, 9], pa.uint64()),
        "ra": pa.array([150.5, 150.25, None]),
        "dec": pa.array([2.0, -2.0, None]),
        "X": pa.array([1, None, 3], pa.int32()),
        "Y": pa.array([0.5, None, 1.5], pa.float32()),
        "type": pa.array(["star", None, "Galaxy"]).dictionary_encode(),
        "shape": pa.array([[1.0], [2.0, 3.0], []]),
        "when": pa.array([1, 2, 3], pa.timestamp("ns")),
    }
)
for codec in ["none", "snappy", "zstd"]:
    pq.write_table(table, f"catalog_{codec}.parquet", compression=codec)

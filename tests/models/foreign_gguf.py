"""GGUF files with other metadata than MayaBook's conversion writes."""

from collections.abc import Mapping
from pathlib import Path

import gguf

from mayabook.maya.tag_tokens import TAGS_KEY
from mayabook.models.gguf_vocabulary import CONTROL

USER_DEFINED = 4
"""GGUF's number of the type of an added token that is not marked as special."""
_ARCHITECTURE = "general.architecture"


def rewritten(source: Path, target: Path, changes: Mapping[str, object]) -> Path:
    """A copy whose metadata differ. changes: key -> new value; None takes the key out."""
    reader = gguf.GGUFReader(source)
    writer = gguf.GGUFWriter(target, str(changes.get(_ARCHITECTURE, "llama")))
    for key, field in reader.fields.items():
        if key.startswith("GGUF.") or key == _ARCHITECTURE or changes.get(key, "") is None:
            continue
        sub_type = field.types[-1] if field.types[0] == gguf.GGUFValueType.ARRAY else None
        writer.add_key_value(key, changes.get(key, field.contents()), field.types[0], sub_type=sub_type)
    for tensor in reader.tensors:
        writer.add_tensor(tensor.name, tensor.data, raw_dtype=tensor.tensor_type)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return target


def as_converted_elsewhere(source: Path, target: Path) -> Path:
    """A copy without flags of emotion tags, and with added tokens marked as user-defined."""
    types = gguf.GGUFReader(source).fields["tokenizer.ggml.token_type"].contents()
    foreign = [USER_DEFINED if kind == CONTROL else kind for kind in types]
    return rewritten(source, target, {"tokenizer.ggml.token_type": foreign, TAGS_KEY: None})

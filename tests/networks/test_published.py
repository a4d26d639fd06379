"""What can be fetched."""

from __future__ import annotations

import re

from nstgraph.networks.published import FILES


def test_files_over_https_with_a_size_and_a_digest() -> None:
    assert next(iter(FILES)) == "vgg16" and {"vgg19", "vgg16-frossard"} <= FILES.keys()
    for file in FILES.values():
        assert file.url.startswith("https://") and file.url.endswith(f"/{file.filename}")
        assert re.fullmatch(r"sha256:[0-9a-f]{64}|md5:[0-9a-f]{32}", file.digest)
    assert len({file.filename for file in FILES.values()}) == len(FILES)


def test_sizes_follow_from_the_layers() -> None:
    parameters = {"vgg16": 14_714_688, "vgg19": 20_024_384, "vgg16-frossard": 138_357_544}
    for name, count in parameters.items():
        assert 0 < FILES[name].size - 4 * count < 60_000  # headers

"""The table of architectures against the paper's."""

from __future__ import annotations

from nstgraph.networks.vgg_layers import ARCHITECTURES, VGG16, VGG19


def test_the_layers_are_those_of_the_paper():
    assert [len(vgg.kernels) for vgg in ARCHITECTURES] == [13, 16]
    assert VGG19.kernels.keys() - VGG16.kernels.keys() == {"conv3_4", "conv4_4", "conv5_4"}
    assert VGG16.kernels["conv1_1"] == (3, 3, 3, 64) and VGG19.kernels["conv4_1"] == (3, 3, 256, 512)
    assert all(VGG19.kernels[name] == kernel for name, kernel in VGG16.kernels.items())
    assert sum(1 for name in VGG16.below if name.startswith("pool")) == 5


def test_each_layer_knows_what_it_is_computed_from():
    assert VGG16.below["conv1_1"] is None
    assert (VGG16.below["pool3"], VGG19.below["pool3"]) == ("conv3_3", "conv3_4")
    assert VGG19.below["conv4_1"] == "pool3"
    assert VGG16.convolutions("pool2") == VGG19.convolutions("conv2_2") == ("conv1_1", "conv1_2", "conv2_1", "conv2_2")
    assert VGG16.convolutions("conv9_9") == ()

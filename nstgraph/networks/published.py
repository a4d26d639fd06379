"""The weights files that others have published and that can be fetched."""

from __future__ import annotations

from nstgraph.networks.http_request import Download

__all__ = ["FILES"]

_KERAS = "https://storage.googleapis.com/tensorflow/keras-applications"

#: By what ``nstgraph weights fetch`` calls them. Those of Keras have the convolutions alone; the digest of VGG19's is
#: the one that Keras checks, the SHA-256 of VGG16's has been noted by several who have the file that Keras takes.
#: Size and SHA-256 of Frossard's, which has dense layers, too, are those of a copy (tensorlayer/pretrained-models); the
#: size follows from its 32 arrays, too, with the headers that numpy wrote at the time.
FILES = {
    "vgg16": Download(
        f"{_KERAS}/vgg16/vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5",
        "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5",
        58_889_256,
        "sha256:bfe5187d0a272bed55ba430631598124cff8e880b98d38c9e56c8d66032abdc1",
    ),
    "vgg19": Download(
        f"{_KERAS}/vgg19/vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5",
        "vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5",
        80_134_624,
        "md5:253f8cb515780f3b799900260a226db6",
    ),
    "vgg16-frossard": Download(
        "https://www.cs.toronto.edu/~frossard/vgg16/vgg16_weights.npz",
        "vgg16_weights.npz",
        553_436_134,
        "sha256:0b1445ee85249139b7394a068291a161e2a5d0ae67a3a7bf12a6933f5741a8c8",
    ),
}

"""TensorFlow's operation types, by what they do: the one table of them.

Sets name what is known. An operation that is in none of them is not assumed to be harmless anywhere.
"""

from __future__ import annotations

__all__ = [
    "CONVOLUTIONS", "DERIVATIVES", "FREE", "HANDLE_USERS", "NETWORK", "PADS", "PASSING", "POINTWISE", "POOLS",
    "PRODUCTS", "READS", "REDUCTIONS", "RELUS", "SIZES", "SLICES", "VALUE_KEEPING", "VARIABLES",
]  # fmt: skip

CONVOLUTIONS = {"Conv2D", "DepthwiseConv2dNative"}
POOLS = {"AvgPool", "MaxPool"}
RELUS = {"Relu", "Relu6"}
PADS = {"MirrorPad", "Pad", "PadV2"}
SLICES = {"Slice", "StridedSlice"}
PRODUCTS = {"MatMul", "BatchMatMul", "BatchMatMulV2"}
SIZES = {"Shape", "Size"}
REDUCTIONS = {"Sum", "Mean", "Max", "Min", "Prod", "All", "Any", "ArgMax", "ArgMin", "EuclideanNorm", "L2Loss"}

#: Each number of the result depends on the number at its place alone, of every operand.
POINTWISE = {
    "Abs", "Add", "AddN", "AddV2", "Atan", "Atan2", "Cast", "Ceil", "CheckNumerics", "ClipByValue", "Cos", "Cosh",
    "Div", "DivNoNan", "Elu", "EnsureShape", "Equal", "Erf", "Erfc", "Exp", "Expm1", "Floor", "FloorDiv", "FloorMod",
    "Greater", "GreaterEqual", "Identity", "IdentityN", "Inv", "IsFinite", "IsInf", "IsNan", "LeakyRelu", "Less",
    "LessEqual", "Log", "Log1p", "LogicalAnd", "LogicalNot", "LogicalOr", "Maximum", "Minimum", "Mod", "Mul",
    "MulNoNan", "Neg", "NotEqual", "OnesLike", "PlaceholderWithDefault", "Pow", "PreventGradient", "RealDiv",
    "Reciprocal", "Relu", "Relu6", "Rint", "Round", "Rsqrt", "SelectV2", "Selu", "Sigmoid", "Sign", "Sin", "Sinh",
    "Softplus", "Softsign", "Sqrt", "Square", "SquaredDifference", "StopGradient", "Sub", "Tan", "Tanh",
    "Xdivy", "Xlogy", "ZerosLike",
}  # fmt: skip

#: A value passes through these as it is, in another shape or type at most.
PASSING = {
    "Cast", "CheckNumerics", "EnsureShape", "ExpandDims", "Identity", "IdentityN", "PlaceholderWithDefault", "Reshape",
    "Squeeze", "StopGradient",
}  # fmt: skip

#: The same, and padded: what leaves the values of a picture as they are.
VALUE_KEEPING = PASSING | PADS

#: These move numbers, or make them from nothing, without computing.
FREE = PASSING | PADS | SLICES | {
    "BroadcastTo", "ConcatV2", "Fill", "GatherV2", "Pack", "ReadVariableOp", "ReverseV2", "Shape", "Split", "Tile",
    "Transpose", "Unpack", "ZerosLike",
}  # fmt: skip

VARIABLES = {"Variable", "VariableV2", "VarHandleOp"}
#: What reads a variable gives the same whenever nobody assigns to it.
READS = VARIABLES | {"ReadVariableOp"}

#: These use a resource variable's handle, but neither its value nor who reads it matters to them.
HANDLE_USERS = {"AssignVariableOp", "DestroyResourceOp", "VarIsInitializedOp", "VariableShape"}

#: What networks are made of. These compute from numbers alone, the same each time, and neither read nor write anything.
NETWORK = (FREE - READS) | CONVOLUTIONS | POINTWISE | POOLS | PRODUCTS | REDUCTIONS | SIZES | {
    "BatchNormWithGlobalNormalization", "BatchToSpace", "BatchToSpaceND", "BiasAdd", "BiasAddV1", "Concat", "Const",
    "Conv2DBackpropInput", "DepthToSpace", "Einsum", "FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3", "Gather",
    "LRN", "LogSoftmax", "MaxPoolV2", "Merge", "Placeholder", "Range", "Rank", "ResizeBicubic", "ResizeBilinear",
    "ResizeNearestNeighbor", "Reverse", "Select", "ShapeN", "Softmax", "SpaceToBatch", "SpaceToBatchND",
    "SpaceToDepth", "SplitV", "Switch",
}  # fmt: skip

#: What TensorFlow makes derivatives of the above from; like them, these compute from numbers alone.
DERIVATIVES = {
    "AvgPoolGrad", "BiasAddGrad", "BroadcastGradientArgs", "ConcatOffset", "Conv2DBackpropFilter",
    "DepthwiseConv2dNativeBackpropFilter", "DepthwiseConv2dNativeBackpropInput", "DynamicStitch", "EluGrad",
    "FusedBatchNormGradV3", "InvGrad", "InvertPermutation", "LRNGrad", "LeakyReluGrad", "MaxPoolGrad", "MirrorPadGrad",
    "ReciprocalGrad", "Relu6Grad", "ReluGrad", "ResizeBicubicGrad", "ResizeBilinearGrad", "ResizeNearestNeighborGrad",
    "RsqrtGrad", "ScatterNd", "SeluGrad", "SigmoidGrad", "SoftplusGrad", "SoftsignGrad", "SqrtGrad", "StridedSliceGrad",
    "TanhGrad", "TensorScatterAdd", "UnsortedSegmentSum",
}  # fmt: skip

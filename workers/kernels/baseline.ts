// Kernel sets "baseline" and "relaxed": tiles for 128-bit registers. The second is the same source compiled with
// relaxed SIMD, where madd is one fused instruction.
export { f32_conv_4x8 as conv_tile } from "./f32_conv_4x8";
export { f32_conv_1x32_by_8 as conv_row } from "./f32_conv_1x32_by_8";
export { f32_bf16_conv_1x32_by_8 as conv_row_bf16 } from "./f32_bf16_conv_1x32_by_8";
export { f32_bf16_expand_by_8 as expand } from "./f32_bf16_expand_by_8";
export { f32_gemm_4x8 as gemm } from "./f32_gemm_4x8";
export { f32_space_to_depth as space_to_depth } from "./f32_space_to_depth";
export { f32_maxpool as max_pooling } from "./f32_maxpool";
export { f32_avgpool as average_pooling } from "./f32_avgpool";
export { f32_lrn as normalisation } from "./f32_lrn";
export { f32_activation as activation } from "./f32_activation";
export { f32_winograd_input as winograd_input } from "./f32_winograd_input";
export { f32_winograd_output_5x5 as winograd_output_5 } from "./f32_winograd_output_5x5";
export { f32_winograd_output_3x3 as winograd_output_3 } from "./f32_winograd_output_3x3";

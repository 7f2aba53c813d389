// The kernels of training of the sets "baseline" and "relaxed".
export { f32_bias_gradient as bias_gradient } from "./f32_bias_gradient";
export { f32_rectifier_gradient as rectifier_gradient } from "./f32_rectifier_gradient";
export { f32_dropout as dropout } from "./f32_dropout";
export { f32_maxpool_gradient as max_pooling_gradient } from "./f32_maxpool_gradient";
export { f32_avgpool_gradient as average_pooling_gradient } from "./f32_avgpool_gradient";
export { f32_lrn_gradient as normalisation_gradient } from "./f32_lrn_gradient";
export { f32_softmax_loss as softmax_loss } from "./f32_softmax_loss";
export { f32_momentum_update as momentum_update } from "./f32_momentum_update";
export { f32_weights_gradient_4x8 as weights_gradient } from "./f32_weights_gradient_4x8";
export { f32_weights_gradient_packed_4x8 as weights_gradient_packed } from "./f32_weights_gradient_packed_4x8";
export { f32_transpose as transpose } from "./f32_transpose";
export { f32_flip_filters_by_8 as flip_filters } from "./f32_flip_filters_by_8";
export { f32_winograd_filter_by_8 as winograd_filter } from "./f32_winograd_filter_by_8";
export { f32_gather_rows_by_8 as gather_rows } from "./f32_gather_rows_by_8";

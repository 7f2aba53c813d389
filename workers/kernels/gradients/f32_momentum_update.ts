import { MomentumUpdateStep } from "./steps";

/**
 * Products and sums are rounded one by one, not fused where that would be possible: memory sets the pace, and so all
 * sets give the same bits for the same gradients.
 */
export function f32_momentum_update(address: usize): void {
  const step = changetype<MomentumUpdateStep>(address);
  const rule = <usize>step.rule;
  const rate = v128.load32_splat(rule);
  const decay = f32x4.mul(v128.load32_splat(rule, 4), rate);
  const momentum = v128.load32_splat(rule, 8);
  let weights = <usize>step.weights;
  let velocity = <usize>step.velocity;
  let gradient = <usize>step.gradient;
  const end = weights + (step.count << 2);
  for (; weights + 32 <= end; weights += 32, velocity += 32, gradient += 32) {
    const w0 = v128.load(weights);
    const w1 = v128.load(weights, 16);
    const v0 = next(w0, v128.load(velocity), v128.load(gradient), rate, decay, momentum);
    const v1 = next(w1, v128.load(velocity, 16), v128.load(gradient, 16), rate, decay, momentum);
    v128.store(velocity, v0);
    v128.store(velocity, v1, 16);
    v128.store(weights, f32x4.add(w0, v0));
    v128.store(weights, f32x4.add(w1, v1), 16);
  }
  if (weights < end) {
    const w = v128.load(weights);
    const v = next(w, v128.load(velocity), v128.load(gradient), rate, decay, momentum);
    v128.store(velocity, v);
    v128.store(weights, f32x4.add(w, v));
  }
}

/** The next velocity; `decay` is the weight decay times the rate. */
@inline
function next(w: v128, v: v128, g: v128, rate: v128, decay: v128, momentum: v128): v128 {
  return f32x4.sub(f32x4.sub(f32x4.mul(momentum, v), f32x4.mul(decay, w)), f32x4.mul(rate, g));
}

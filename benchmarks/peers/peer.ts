/** What the comparison needs from a runtime. */
export interface Peer {
  /** With its version. */
  readonly name: string;
  /** Takes the bytes of an ONNX file, or its path. */
  load(model: Uint8Array | string): Promise<void>;
  /** What the model gives, [batch, classes], of an input [batch, C, H, W]. */
  run(input: Float32Array, batch: number): Promise<Float32Array>;
}

export const PEER_PACKAGES = ["onnxruntime-node", "onnxruntime-web"] as const;
export type PeerPackage = (typeof PEER_PACKAGES)[number];

/** The files that the publishers of AlexNet's forms offer. What is not known of one is missing here. */
export interface Hash {
  readonly algorithm: "sha256" | "sha1";
  /** Lower case. */
  readonly hex: string;
}

export interface OfficialFile {
  /** What `alexnet pull` calls it. */
  readonly name: string;
  readonly url: string;
  readonly bytes?: number;
  readonly hash?: Hash;
  readonly holds: string;
}

const sha256 = (hex: string): Hash => ({ algorithm: "sha256", hex });
const sha1 = (hex: string): Hash => ({ algorithm: "sha1", hex });

const TORCH = "https://download.pytorch.org/models";
const CAFFE = "http://dl.caffe.berkeleyvision.org";
const ONNX = "https://github.com/onnx/models/raw/main";
const ONNX_VISION = `${ONNX}/validated/vision/classification`;

export const OFFICIAL_FILES: readonly OfficialFile[] = [
  {
    name: "torchvision",
    url: `${TORCH}/alexnet-owt-7be5be79.pth`,
    bytes: 244_408_911,
    hash: sha256("7be5be791159472b1fbf3c69796f7cb30dca7ad8466c2df70058c37116cdee02"),
    holds: "torchvision's AlexNet, as PyTorch saves it today",
  },
  {
    name: "torchvision-old",
    url: `${TORCH}/alexnet-owt-4df8aa71.pth`,
    bytes: 244_418_560,
    hash: sha256("4df8aa717fd11ab2d34e9483c5984ef7cdbefd732366a836076020db08909c9a"),
    holds: "torchvision's AlexNet, as PyTorch saved it before 0.1.10",
  },
  {
    name: "bvlc-alexnet",
    url: `${CAFFE}/bvlc_alexnet.caffemodel`,
    bytes: 243_862_414,
    hash: sha256("4bff209a9837298157915ef50a4831a59636a6ca1a6b8ebacd990c3a5f3053e0"),
    holds: "BVLC AlexNet, Caffe",
  },
  {
    name: "caffenet",
    url: `${CAFFE}/bvlc_reference_caffenet.caffemodel`,
    bytes: 243_862_418,
    hash: sha1("4c8d77deb20ea792f84eb5e6d0a11ca0a8660a46"),
    holds: "BVLC CaffeNet, Caffe",
  },
  {
    name: "caffe-ilsvrc12",
    url: `${CAFFE}/caffe_ilsvrc12.tar.gz`,
    bytes: 17_858_008,
    holds: "BVLC's mean image, class names and lists of ILSVRC 2012",
  },
  {
    name: "onnx-bvlcalexnet-12",
    url: `${ONNX_VISION}/alexnet/model/bvlcalexnet-12.onnx`,
    bytes: 243_863_787,
    hash: sha256("6b0da9510f27f234ee96a85dc3809dd210150fdefad87f6850f9788513216945"),
    holds: "BVLC AlexNet at 224 x 224, ONNX opset 12",
  },
  {
    name: "onnx-bvlcalexnet-9",
    url: `${ONNX_VISION}/alexnet/model/bvlcalexnet-9.onnx`,
    bytes: 243_863_542,
    hash: sha256("ef3c82dad5c512f969dbf701fe35c0b3feb1585687d541f765eb68730c0a8af7"),
    holds: "BVLC AlexNet at 224 x 224, ONNX opset 9",
  },
  {
    name: "onnx-bvlcalexnet-7",
    url: `${ONNX_VISION}/alexnet/model/bvlcalexnet-7.onnx`,
    bytes: 243_863_542,
    hash: sha256("d9c9134b90c760d4231e89ad9758bcc8a9397c3ba1cd56fadbef888b534ac6b4"),
    holds: "BVLC AlexNet at 224 x 224, ONNX opset 7",
  },
  {
    name: "onnx-bvlcalexnet-3",
    url: `${ONNX_VISION}/alexnet/model/bvlcalexnet-3.onnx`,
    bytes: 243_863_514,
    hash: sha256("e9e222ef55ba873b219f22987130fb0567cb7bc7d3f1afeb47ff442bc0e11b6d"),
    holds: "BVLC AlexNet at 224 x 224, ONNX opset 3",
  },
  {
    name: "onnx-caffenet-12",
    url: `${ONNX_VISION}/caffenet/model/caffenet-12.onnx`,
    bytes: 243_863_798,
    hash: sha256("ea563e5c47d1f58e1717cf1a2d8bf288b8adc07af0ad228b622096cd243aeecb"),
    holds: "BVLC CaffeNet at 224 x 224, ONNX opset 12",
  },
  {
    name: "onnx-torchvision-17",
    url: `${ONNX}/Computer_Vision/alexnet_Opset17_torch_hub/alexnet_Opset17.onnx`,
    bytes: 244_407_335,
    hash: sha256("d1fef6de9abfd04669ff0c450eaf02609f544c47623e6b80346180737863f5ee"),
    holds: "torchvision's AlexNet, ONNX opset 17",
  },
  {
    name: "bvlc-alexnet-npy",
    url: "http://www.cs.toronto.edu/~guerzhoy/tf_alexnet/bvlc_alexnet.npy",
    holds: "BVLC AlexNet, NumPy",
  },
];

/** The file's own name, by which it is kept. */
export const fileNameOf = ({ url }: OfficialFile): string => url.slice(url.lastIndexOf("/") + 1);

// The kernels of training of the set "wide".

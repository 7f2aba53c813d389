// The kernels of training of the sets "baseline" and "relaxed".

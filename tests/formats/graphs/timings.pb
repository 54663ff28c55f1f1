
(
&
/device:CPU:0
dense/MatMul(*2€
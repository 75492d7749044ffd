/* extension.rs in C, for hosts without Rust; link it with -Wl,-Ttext-segment to have addresses that
 * are not the file's offsets. */
#include <Python.h>

static long __attribute__((noinline)) crank(long turns) {
  unsigned long x = 1;
  for (long i = 0; i < turns; ++i) {
    x = (x * 31 + i) % 1000003;
    __asm__ volatile("" : "+r"(x));
  }
  return x;
}

static long __attribute__((noinline)) press(long turns) {
  unsigned long x = 1;
  for (long i = 0; i < turns; ++i) {
    x = (x ^ i) * 7 % 1000033;
    __asm__ volatile("" : "+r"(x));
  }
  return x;
}

static PyObject* call_crank(PyObject* self, PyObject* none) {
  return PyLong_FromLong(crank(200000));
}

static PyObject* call_press(PyObject* self, PyObject* none) {
  return PyLong_FromLong(press(100000));
}

static PyObject* call_back(PyObject* self, PyObject* callable) {
  return PyObject_CallObject(callable, NULL);
}

static PyMethodDef methods[] = {{"crank", call_crank, METH_NOARGS, NULL},
                                {"press", call_press, METH_NOARGS, NULL},
                                {"call_back", call_back, METH_O, NULL},
                                {NULL, NULL, 0, NULL}};
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "extension", NULL, -1, methods};

PyMODINIT_FUNC PyInit_extension(void) { return PyModule_Create(&module); }

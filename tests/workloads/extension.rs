// An extension module as PyO3 makes them: CPython's structures by hand, code that works beside the
// interpreter and calls back into it. Rust links with lld, so addresses are not the file's offsets.
use std::ffi::{c_char, c_int, c_void};
use std::hint::black_box;
use std::ptr::{null, null_mut};

type Function = extern "C" fn(*mut c_void, *mut c_void) -> *mut c_void;

#[repr(C)]
struct Method {
    name: *const c_char,
    function: Option<Function>,
    flags: c_int,
    doc: *const c_char,
}

// PyModuleDef of Include/moduleobject.h, of builds with a GIL.
#[repr(C)]
struct Module {
    references: isize,
    kind: *const c_void,
    init: *const c_void,
    index: isize,
    copy: *const c_void,
    name: *const c_char,
    doc: *const c_char,
    size: isize,
    methods: *mut Method,
    slots: [*const c_void; 4],
}

extern "C" {
    fn PyModule_Create2(module: *mut Module, api: c_int) -> *mut c_void;
    fn PyObject_CallObject(callable: *mut c_void, arguments: *mut c_void) -> *mut c_void;
    fn PyLong_FromLong(value: i64) -> *mut c_void;
}

#[inline(never)]
fn crank(turns: u64) -> u64 {
    (0..turns).fold(1, |x, i| black_box(x * 31 + i) % 1000003)
}

#[inline(never)]
fn press(turns: u64) -> u64 {
    (0..turns).fold(1, |x, i| black_box(x ^ i) * 7 % 1000033)
}

extern "C" fn call_crank(_: *mut c_void, _: *mut c_void) -> *mut c_void {
    unsafe { PyLong_FromLong(crank(200_000) as i64) }
}

extern "C" fn call_press(_: *mut c_void, _: *mut c_void) -> *mut c_void {
    unsafe { PyLong_FromLong(press(100_000) as i64) }
}

extern "C" fn call_back(_: *mut c_void, callable: *mut c_void) -> *mut c_void {
    unsafe { PyObject_CallObject(callable, null_mut()) }
}

#[no_mangle]
pub extern "C" fn PyInit_extension() -> *mut c_void {
    const NO_ARGUMENTS: c_int = 4;
    const ONE_OBJECT: c_int = 8;
    const ABI3: c_int = 3;
    let method = |name: &'static [u8], function, flags| Method {
        name: name.as_ptr() as *const c_char,
        function: Some(function),
        flags,
        doc: null(),
    };
    let methods = Box::leak(Box::new([
        method(b"crank\0", call_crank as Function, NO_ARGUMENTS),
        method(b"press\0", call_press, NO_ARGUMENTS),
        method(b"call_back\0", call_back, ONE_OBJECT),
        Method { name: null(), function: None, flags: 0, doc: null() },
    ]));
    let module = Box::leak(Box::new(Module {
        references: 1,
        kind: null(),
        init: null(),
        index: 0,
        copy: null(),
        name: b"extension\0".as_ptr() as *const c_char,
        doc: null(),
        size: -1,
        methods: methods.as_mut_ptr(),
        slots: [null(); 4],
    }));
    unsafe { PyModule_Create2(module, ABI3) }
}

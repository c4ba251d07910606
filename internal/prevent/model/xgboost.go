package model

import (
	"fmt"
	"math"
	"runtime"
	"strconv"
	"strings"
	"unsafe"

	"github.com/ebitengine/purego"

	"qingyuan"
)

// libraryNames are where the dynamic linker looks for XGBoost, in order.
var libraryNames = []string{"libxgboost.so.0", "libxgboost.so"}

// xgboost is the part of XGBoost's C API (1.7, xgboost/c_api.h) that training needs, bound at run time.
//
// Errors of the library are kept per thread, so every goroutine that calls it must have locked its OS thread.
type xgboost struct {
	version      func(major, minor, patch *int32)
	lastError    func() string
	matrixCreate func(data *float32, rows, columns uint64, missing float32, out *uintptr, threads int32) int32
	matrixInfo   func(matrix uintptr, field string, data *float32, n uint64) int32
	matrixFree   func(matrix uintptr) int32
	create       func(matrices *uintptr, n uint64, out *uintptr) int32
	free         func(booster uintptr) int32
	setParam     func(booster uintptr, name, value string) int32
	update       func(booster uintptr, round int32, matrix uintptr) int32
	evaluate     func(booster uintptr, round int32, matrices *uintptr, names **byte, n uint64, out **byte) int32
	predict      func(booster, matrix uintptr, config string, shape **uint64, dim *uint64, out **float32) int32
	save         func(booster uintptr, config string, n *uint64, out **byte) int32
	load         func(booster uintptr, data *byte, n uint64) int32
	ompThreads   func(n int32) // of libgomp: how many threads calls from this OS thread may use
}

// openXGBoost loads the library from path, or from where the linker looks if path is empty. An absent library is an
// Unavailable error that says what to install.
func openXGBoost(path string) (*xgboost, error) {
	names := libraryNames
	if path != "" {
		names = []string{path}
	}
	var handle uintptr
	var err error
	for _, name := range names {
		if handle, err = purego.Dlopen(name, purego.RTLD_NOW|purego.RTLD_GLOBAL); err == nil {
			break
		}
	}
	if err != nil {
		return nil, qingyuan.Wrap(qingyuan.Unavailable, err,
			"training needs the XGBoost library: install the Debian package libxgboost0 (or libxgboost-dev), or name the file; scoring works without it")
	}
	x := &xgboost{}
	for name, fn := range map[string]any{
		"XGBoostVersion": &x.version, "XGBGetLastError": &x.lastError,
		"XGDMatrixCreateFromMat_omp": &x.matrixCreate, "XGDMatrixSetFloatInfo": &x.matrixInfo, "XGDMatrixFree": &x.matrixFree,
		"XGBoosterCreate": &x.create, "XGBoosterFree": &x.free, "XGBoosterSetParam": &x.setParam,
		"XGBoosterUpdateOneIter": &x.update, "XGBoosterEvalOneIter": &x.evaluate, "XGBoosterPredictFromDMatrix": &x.predict,
		"XGBoosterSaveModelToBuffer": &x.save, "XGBoosterLoadModelFromBuffer": &x.load,
		"omp_set_num_threads": &x.ompThreads,
	} {
		symbol, err := purego.Dlsym(handle, name)
		if err != nil {
			return nil, qingyuan.Wrap(qingyuan.Unavailable, err, "the XGBoost library is too old: version 1.7 of libxgboost0 is needed")
		}
		purego.RegisterFunc(fn, symbol)
	}
	return x, nil
}

// Version is the version of the library, such as 1.7.4.
func (x *xgboost) Version() string {
	var major, minor, patch int32
	x.version(&major, &minor, &patch)
	return fmt.Sprintf("%d.%d.%d", major, minor, patch)
}

// check turns the status of a call into an error.
func (x *xgboost) check(doing string, status int32) error {
	if status == 0 {
		return nil
	}
	text, _, _ := strings.Cut(x.lastError(), "\nStack trace")
	return qingyuan.Wrap(qingyuan.Internal, fmt.Errorf("%s: %s", doing, text), "training failed inside XGBoost")
}

// matrix is a block of rows in XGBoost's own form.
type matrix struct {
	x      *xgboost
	handle uintptr
	rows   int
}

// newMatrix copies features (row after row; NaN is missing) and labels, which may be nil.
func (x *xgboost) newMatrix(features []float32, labels []float32, rows int) (*matrix, error) {
	if rows == 0 || len(features) == 0 || len(features)%rows != 0 {
		return nil, qingyuan.Errorf(qingyuan.Internal, "a block of %d rows does not divide %d values", rows, len(features))
	}
	m := &matrix{x: x, rows: rows}
	err := x.check("make a matrix", x.matrixCreate(&features[0], uint64(rows), uint64(len(features)/rows), float32(math.NaN()), &m.handle, 1))
	if err == nil && labels != nil {
		err = x.check("set labels", x.matrixInfo(m.handle, "label", &labels[0], uint64(rows)))
	}
	if err != nil {
		m.close()
		return nil, err
	}
	return m, nil
}

// close frees the matrix.
func (m *matrix) close() {
	if m.handle != 0 {
		m.x.matrixFree(m.handle)
		m.handle = 0
	}
}

// booster is a model in training.
type booster struct {
	x      *xgboost
	handle uintptr
}

// newBooster makes a booster with parameters over the matrices it will see (it caches its predictions on them).
func (x *xgboost) newBooster(params map[string]string, seen ...*matrix) (*booster, error) {
	handles := make([]uintptr, len(seen)+1) // one more, so that there is always an address
	for i, m := range seen {
		handles[i] = m.handle
	}
	b := &booster{x: x}
	if err := x.check("make a booster", x.create(&handles[0], uint64(len(seen)), &b.handle)); err != nil {
		return nil, err
	}
	for name, value := range params {
		if err := x.check("set "+name, x.setParam(b.handle, name, value)); err != nil {
			b.close()
			return nil, err
		}
	}
	return b, nil
}

// close frees the booster.
func (b *booster) close() { b.x.free(b.handle) }

// update adds the trees of one round.
func (b *booster) update(round int, train *matrix) error {
	return b.x.check("boost", b.x.update(b.handle, int32(round), train.handle))
}

// metric is the eval_metric of the booster, an AUC, on m after the given round; .5 if m holds one class only.
func (b *booster) metric(round int, m *matrix) (float64, error) {
	name := []byte("v\x00")
	names, out := &name[0], (*byte)(nil)
	err := b.x.check("evaluate", b.x.evaluate(b.handle, int32(round), &m.handle, &names, 1, &out))
	runtime.KeepAlive(name)
	if err != nil {
		return 0, err
	}
	text := cString(out) // [7]\tv-auc:0.78
	text = text[strings.LastIndexByte(text, ':')+1:]
	if strings.HasSuffix(text, "nan") {
		return .5, nil
	}
	v, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return 0, fmt.Errorf("read the metric of a round: %w", err)
	}
	return v, nil
}

// The kinds of prediction XGBoosterPredictFromDMatrix gives.
const (
	predictMargin        = 1
	predictContributions = 2
)

// predict gives what kind says for every row of m, from the first rounds rounds (0 means all).
func (b *booster) predict(m *matrix, kind, rounds int) ([]float32, error) {
	config := fmt.Sprintf(`{"type":%d,"training":false,"iteration_begin":0,"iteration_end":%d,"strict_shape":true}`, kind, rounds)
	var shape *uint64
	var dim uint64
	var out *float32
	if err := b.x.check("predict", b.x.predict(b.handle, m.handle, config, &shape, &dim, &out)); err != nil {
		return nil, err
	}
	n := uint64(1)
	for _, d := range unsafe.Slice(shape, dim) {
		n *= d
	}
	return append([]float32(nil), unsafe.Slice(out, n)...), nil
}

// json is the booster in XGBoost's JSON form.
func (b *booster) json() ([]byte, error) {
	var n uint64
	var out *byte
	if err := b.x.check("save the model", b.x.save(b.handle, `{"format":"json"}`, &n, &out)); err != nil {
		return nil, err
	}
	return append([]byte(nil), unsafe.Slice(out, n)...), nil
}

// predictFile gives margins and contributions (features and bias, row after row) of a model in XGBoost's JSON form.
func (x *xgboost) predictFile(file []byte, features []float32, rows int) (margins, contributions []float32, err error) {
	m, err := x.newMatrix(features, nil, rows)
	if err != nil {
		return nil, nil, err
	}
	defer m.close()
	b, err := x.newBooster(map[string]string{"verbosity": "0", "nthread": "1"})
	if err != nil {
		return nil, nil, err
	}
	defer b.close()
	if err := b.read(file); err != nil {
		return nil, nil, err
	}
	if margins, err = b.predict(m, predictMargin, 0); err != nil {
		return nil, nil, err
	}
	contributions, err = b.predict(m, predictContributions, 0)
	return margins, contributions, err
}

// read replaces the booster by a model in XGBoost's JSON form.
func (b *booster) read(model []byte) error {
	return b.x.check("load the model", b.x.load(b.handle, &model[0], uint64(len(model))))
}

// cString copies a string that ends in a zero byte.
func cString(p *byte) string {
	n := 0
	for *(*byte)(unsafe.Add(unsafe.Pointer(p), n)) != 0 {
		n++
	}
	return string(unsafe.Slice(p, n))
}

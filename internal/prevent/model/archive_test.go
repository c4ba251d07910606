package model

import (
	"archive/zip"
	"bytes"
	"os"
	"testing"

	"qingyuan"
)

func TestArchive(t *testing.T) {
	archive, err := ArchiveDir(goldenDir)
	if err != nil {
		t.Fatal(err)
	}
	again, err := ArchiveDir(goldenDir)
	if err != nil || !bytes.Equal(archive, again) {
		t.Errorf("the archive is not the same twice: %v", err)
	}
	m, err := ReadArchive(archive)
	if err != nil {
		t.Fatal(err)
	}
	golden, err := Load(goldenDir)
	if err != nil || m.Version() != golden.Version() || m.Card().Version != m.Version() {
		t.Errorf("%v and %v: %v", m.Version(), golden.Version(), err)
	}
	var changed bytes.Buffer
	z := zip.NewWriter(&changed)
	for _, name := range artefactFiles {
		file, err := os.ReadFile(goldenDir + "/" + name)
		if err != nil {
			t.Fatal(err)
		}
		if name == fileCalibration {
			file = bytes.Replace(file, []byte("slope"), []byte("Slope"), 1)
		}
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		w.Write(file)
	}
	z.Close()
	for name, bad := range map[string][]byte{"empty": nil, "no ZIP": []byte("hello"), "cut": archive[:len(archive)/2], "a file was changed": changed.Bytes()} {
		if _, err := ReadArchive(bad); qingyuan.CodeOf(err) != qingyuan.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := ArchiveDir(t.TempDir()); qingyuan.CodeOf(err) != qingyuan.NotFound {
		t.Errorf("an empty directory: %v", err)
	}
}

func FuzzReadArchive(f *testing.F) {
	archive, err := ArchiveDir(goldenDir)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(archive)
	f.Add(archive[:100])
	f.Fuzz(func(t *testing.T, b []byte) {
		if m, err := ReadArchive(b); err == nil && m.Version() == "" {
			t.Error("a model without a version")
		}
	})
}

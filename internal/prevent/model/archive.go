package model

import (
	"archive/zip"
	"bytes"
	"io/fs"
	"os"

	"qingyuan"
)

// MaxArchive is the size of the largest archive that is read, in bytes.
const MaxArchive = 64 << 20

// artefactFiles are the files of an artefact.
var artefactFiles = []string{fileManifest, fileModel, fileEncoder, fileCalibration, fileCard, fileCardText}

// Archive is the artefact as one ZIP file. Equal artefacts give equal bytes.
func (a *Artefact) Archive() ([]byte, error) { return archiveOf(a.files) }

// ArchiveDir is the artefact in a directory as one ZIP file, after it was verified as [Load] does.
func ArchiveDir(dir string) ([]byte, error) {
	files, err := readFiles(os.DirFS(dir))
	if err != nil {
		return nil, err
	}
	if _, err := assemble(files); err != nil {
		return nil, err
	}
	return archiveOf(files)
}

func archiveOf(files map[string][]byte) ([]byte, error) {
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for _, name := range artefactFiles {
		w, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate})
		if err == nil {
			_, err = w.Write(files[name])
		}
		if err != nil {
			return nil, qingyuan.Wrap(qingyuan.Internal, err, "the model cannot be packed")
		}
	}
	if err := z.Close(); err != nil {
		return nil, qingyuan.Wrap(qingyuan.Internal, err, "the model cannot be packed")
	}
	return out.Bytes(), nil
}

// ReadArchive reads what Archive wrote and verifies every file against the manifest. Errors: invalid.
func ReadArchive(archive []byte) (*Model, error) {
	if len(archive) > MaxArchive {
		return nil, qingyuan.Errorf(qingyuan.Invalid, "the model is larger than %d bytes", MaxArchive)
	}
	z, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	if err != nil {
		return nil, qingyuan.Wrap(qingyuan.Invalid, err, "the model is no ZIP file of a trained directory")
	}
	m, err := LoadFS(z)
	if qingyuan.CodeOf(err) == qingyuan.NotFound || qingyuan.CodeOf(err) == qingyuan.Internal {
		return nil, qingyuan.Wrap(qingyuan.Invalid, err, "the model is no ZIP file of a trained directory")
	}
	return m, err
}

// readFiles reads the files of an artefact.
func readFiles(fsys fs.FS) (map[string][]byte, error) {
	files := map[string][]byte{}
	for _, name := range artefactFiles {
		file, err := readLimited(fsys, name)
		if err != nil {
			return nil, err
		}
		files[name] = file
	}
	return files, nil
}

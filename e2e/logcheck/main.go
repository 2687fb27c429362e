// Command logcheck verifies a Dancu log and receipts with Go's own implementation of transparency logs
// (golang.org/x/mod/sumdb), which shares no code with Dancu.
//
//	logcheck -key verifier-key-or-file [-witness key-or-file ...] (-dir folder | -url address) [receipt.json ...]
//
// It opens the checkpoint with the log's key, authenticates every hash of every tile against the signed root,
// hashes every entry of every bundle and compares it with its leaf, and for each receipt recomputes the
// commitment of the record, checks the inclusion proof, and checks that the receipt's tree is a beginning of
// the log's. With -witness the file "cosigned" must carry a true cosignature of each of them (by transparency-dev's
// implementation of C2SP tlog-cosignature), and its tree must be a beginning of the log's.
package main

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	cosignature "github.com/transparency-dev/formats/note"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const (
	tileHeight   = 8
	tileWidth    = 1 << tileHeight
	fileSizeMax  = 16 << 20
	commitPrefix = "dancu/disclosure/v1\n"
)

// files reads a file of the log by its path below the log's root.
type files func(path string) ([]byte, error)

func fromFolder(folder string) files {
	return func(path string) ([]byte, error) { return os.ReadFile(filepath.Join(folder, filepath.FromSlash(path))) }
}

func fromAddress(address string) files {
	client := &http.Client{Timeout: 30 * time.Second}
	return func(path string) ([]byte, error) {
		response, err := client.Get(strings.TrimSuffix(address, "/") + "/" + path)
		if err != nil {
			return nil, err
		}
		defer response.Body.Close()
		if response.StatusCode != http.StatusOK {
			return nil, fmt.Errorf("%s: %s", path, response.Status)
		}
		return io.ReadAll(io.LimitReader(response.Body, fileSizeMax))
	}
}

// tiles is a tlog.TileReader over the paths of C2SP tlog-tiles, which leave out the height.
type tiles struct {
	read  files
	count int
}

func (t *tiles) Height() int { return tileHeight }

func (t *tiles) ReadTiles(wanted []tlog.Tile) ([][]byte, error) {
	contents := make([][]byte, len(wanted))
	for i, tile := range wanted {
		path := strings.Replace(tile.Path(), fmt.Sprintf("tile/%d/", tileHeight), "tile/", 1)
		content, err := t.read(path)
		if err != nil {
			return nil, err
		}
		contents[i] = content
		t.count++
	}
	return contents, nil
}

func (t *tiles) SaveTiles([]tlog.Tile, [][]byte) {}

// openCheckpoint verifies the signature and reads origin, size and root (C2SP tlog-checkpoint).
func openCheckpoint(text []byte, verifier note.Verifier) (tlog.Tree, error) {
	opened, err := note.Open(text, note.VerifierList(verifier))
	if err != nil {
		return tlog.Tree{}, err
	}
	lines := strings.SplitN(opened.Text, "\n", 4)
	if len(lines) < 4 || lines[0] != verifier.Name() {
		return tlog.Tree{}, errors.New("the checkpoint is of another log")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || size < 0 || strconv.FormatInt(size, 10) != lines[1] {
		return tlog.Tree{}, errors.New("the checkpoint's size is no number")
	}
	root, err := tlog.ParseHash(lines[2])
	return tlog.Tree{N: size, Hash: root}, err
}

// checkEntries compares every entry with its leaf, which the hash reader authenticates against the root.
func checkEntries(read files, tree tlog.Tree, hashes tlog.HashReader) error {
	for start := int64(0); start < tree.N; start += tileWidth {
		width := min(int64(tileWidth), tree.N-start)
		tile := tlog.Tile{H: tileHeight, L: 0, N: start / tileWidth, W: int(width)}
		path := strings.Replace(tile.Path(), fmt.Sprintf("tile/%d/0/", tileHeight), "tile/entries/", 1)
		bundle, err := read(path)
		if err != nil {
			return err
		}
		indexes := make([]int64, width)
		for i := range indexes {
			indexes[i] = tlog.StoredHashIndex(0, start+int64(i))
		}
		leaves, err := hashes.ReadHashes(indexes)
		if err != nil {
			return err
		}
		for i, leaf := range leaves {
			if len(bundle) < 2 || len(bundle) < 2+int(binary.BigEndian.Uint16(bundle)) {
				return fmt.Errorf("%s is cut at entry %d", path, start+int64(i))
			}
			length := int(binary.BigEndian.Uint16(bundle))
			if tlog.RecordHash(bundle[2:2+length]) != leaf {
				return fmt.Errorf("%s: entry %d is not its leaf", path, start+int64(i))
			}
			bundle = bundle[2+length:]
		}
		if len(bundle) != 0 {
			return fmt.Errorf("%s has more than its entries", path)
		}
	}
	return nil
}

type receipt struct {
	LeafIndex      int64    `json:"leaf_index"`
	TreeSize       int64    `json:"tree_size"`
	InclusionProof []string `json:"inclusion_proof"`
	Checkpoint     string   `json:"checkpoint"`
	Salt           string   `json:"salt"`
	Record         string   `json:"record"`
}

// keyOf reads a verifier key, or a file with it.
func keyOf(text string) string {
	if content, err := os.ReadFile(text); err == nil {
		return strings.TrimSpace(string(content))
	}
	return text
}

// openCosigned verifies that the log and every witness signed the newest cosigned checkpoint.
func openCosigned(text []byte, verifier note.Verifier, witnesses []note.Verifier) (tlog.Tree, error) {
	opened, err := note.Open(text, note.VerifierList(append([]note.Verifier{verifier}, witnesses...)...))
	if err != nil {
		return tlog.Tree{}, err
	}
	for _, witness := range witnesses {
		signed := false
		for _, signature := range opened.Sigs {
			signed = signed || (signature.Name == witness.Name() && signature.Hash == witness.KeyHash())
		}
		if !signed {
			return tlog.Tree{}, fmt.Errorf("%s has not cosigned", witness.Name())
		}
	}
	// The log's own verifier passes over the witnesses, as every older one does.
	return openCheckpoint(text, verifier)
}

func checkCosigned(read files, verifier note.Verifier, keys []string, tree tlog.Tree, hashes tlog.HashReader) error {
	if len(keys) == 0 {
		return nil
	}
	var witnesses []note.Verifier
	for _, key := range keys {
		witness, err := cosignature.NewVerifierForCosignatureV1(keyOf(key))
		if err != nil {
			return err
		}
		witnesses = append(witnesses, witness)
	}
	text, err := read("cosigned")
	if err != nil {
		return err
	}
	signed, err := openCosigned(text, verifier, witnesses)
	if err != nil {
		return err
	}
	return isBeginning(signed, tree, hashes)
}

// isBeginning tells whether a signed tree is a beginning of the log's.
func isBeginning(signed, tree tlog.Tree, hashes tlog.HashReader) error {
	if signed.N > tree.N {
		return fmt.Errorf("it is of size %d, the log only of %d", signed.N, tree.N)
	}
	earlier, err := tlog.TreeHash(signed.N, hashes)
	if err != nil {
		return err
	}
	if earlier != signed.Hash {
		return errors.New("its tree is not a beginning of this log")
	}
	return nil
}

func checkReceipt(text []byte, verifier note.Verifier, tree tlog.Tree, hashes tlog.HashReader) error {
	var given receipt
	if err := json.Unmarshal(text, &given); err != nil {
		return err
	}
	signed, err := openCheckpoint([]byte(given.Checkpoint), verifier)
	if err != nil {
		return err
	}
	if signed.N != given.TreeSize {
		return errors.New("the receipt's checkpoint is of another size")
	}
	salt, err := base64.StdEncoding.Strict().DecodeString(given.Salt)
	if err != nil || len(salt) != sha256.Size {
		return errors.New("the salt is not 32 bytes")
	}
	entry := sha256.Sum256(append(append([]byte(commitPrefix), salt...), given.Record...))
	proof := make(tlog.RecordProof, len(given.InclusionProof))
	for i, encoded := range given.InclusionProof {
		if proof[i], err = tlog.ParseHash(encoded); err != nil {
			return err
		}
	}
	leaf := tlog.RecordHash(entry[:])
	if err := tlog.CheckRecord(proof, signed.N, signed.Hash, given.LeafIndex, leaf); err != nil {
		return err
	}
	return isBeginning(signed, tree, hashes)
}

func run() error {
	key := flag.String("key", "", "verifier key, or a file with it")
	var witnesses []string
	flag.Func("witness", "verifier key of a witness that must have cosigned, or a file with it", func(text string) error {
		witnesses = append(witnesses, text)
		return nil
	})
	folder := flag.String("dir", "", "folder of the log")
	address := flag.String("url", "", "address of the log, e.g. http://localhost:8080/log")
	flag.Parse()
	if *key == "" || (*folder == "") == (*address == "") {
		return errors.New("give -key and one of -dir and -url")
	}
	verifier, err := note.NewVerifier(keyOf(*key))
	if err != nil {
		return err
	}
	read := fromFolder(*folder)
	if *address != "" {
		read = fromAddress(*address)
	}
	text, err := read("checkpoint")
	if err != nil {
		return err
	}
	tree, err := openCheckpoint(text, verifier)
	if err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	reader := &tiles{read: read}
	hashes := tlog.TileHashReader(tree, reader)
	if tree.N == 0 && tree.Hash != tlog.Hash(sha256.Sum256(nil)) {
		return errors.New("the root of the empty log is wrong")
	}
	if err := checkEntries(read, tree, hashes); err != nil {
		return err
	}
	if err := checkCosigned(read, verifier, witnesses, tree, hashes); err != nil {
		return fmt.Errorf("cosigned: %w", err)
	}
	for _, file := range flag.Args() {
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		if err := checkReceipt(text, verifier, tree, hashes); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
	}
	fmt.Printf("%s: %d entries, %d tiles read, %d receipts: sound\n", verifier.Name(), tree.N, reader.count, flag.NArg())
	return nil
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "logcheck:", err)
		os.Exit(1)
	}
}

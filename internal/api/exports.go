package api

import "strings"

// harmless is a cell that a spreadsheet takes for text: what begins like a formula gets an apostrophe before it, after OWASP's
// advice on CSV injection. Numbers stay numbers.
func harmless(cell string) string {
	if cell == "" || !strings.ContainsRune("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20", []rune(cell)[0]) {
		return cell
	}
	if number(cell) {
		return cell
	}
	return "'" + cell
}

// number reports whether a cell is a plain number with a sign.
func number(cell string) bool {
	rest := strings.TrimLeft(cell, "+-")
	return len(cell)-len(rest) == 1 && rest != "" && strings.Trim(rest, "0123456789.") == "" && strings.Count(rest, ".") <= 1
}

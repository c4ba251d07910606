package decision

import "slices"

// didYouMean gives the end of a sentence naming the known name nearest to name, in Chinese and English; both are empty where
// none is near.
func didYouMean(name string, known []string) (zh, en string) {
	if len(name) > 100 {
		return "", ""
	}
	best, at := 1+len(name)/3, ""
	for _, k := range slices.Sorted(slices.Values(known)) {
		if d := distance(name, k, best+1); d <= best && (at == "" || d < best) {
			best, at = d, k
		}
	}
	if at == "" {
		return "", ""
	}
	return "，是否为 " + at + "？", ", did you mean " + at + "?"
}

// distance is the number of bytes to insert, delete, replace or swap with the next one to turn a into b, or limit if it is not less.
func distance(a, b string, limit int) int {
	if len(a)-len(b) >= limit || len(b)-len(a) >= limit {
		return limit
	}
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return min(last[len(b)], limit)
}

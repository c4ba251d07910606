package intake_test

import (
	"fmt"
	"testing"

	"qingyuan"
	"qingyuan/internal/intake"
)

// refused stands for an Invalid error in the tables below.
const refused = "(refused)"

func result(value string, err error) string {
	if err != nil {
		if qingyuan.CodeOf(err) != qingyuan.Invalid {
			return "(" + err.Error() + ")"
		}
		return refused
	}
	return value
}

func flagged(value string, flaws []intake.Flaw, err error) string {
	if err == nil && len(flaws) > 0 {
		return fmt.Sprint(value, " ", flaws)
	}
	return result(value, err)
}

func TestNormaliseIDNo(t *testing.T) {
	for in, want := range map[string]string{
		"11010519491231002X": "11010519491231002X", // the example of GB 11643-1999
		"440524188001010014": "440524188001010014 [birth_date]",
		"11010519491231002x": "11010519491231002X",
		"１１０１０５１９４９１２３１００２Ｘ": "11010519491231002X",
		"110105 19491231 002X": "11010519491231002X",
		"110105491231002":      "11010519491231002X [old_form]",
		"110105194912310021":   "110105194912310021 [checksum]",
		"110105194913310022":   "110105194913310022 [checksum birth_date]",
		"11010119990230001X":   "11010119990230001X [birth_date]",
		"990101199003070007":   "990101199003070007 [region]",
		"1101051949123100":     refused,
		"11010519491231002Y":   refused,
		"X1010519491231002X":   refused,
		"１1010519491231００２Ｘ１":  refused,
		"一1010519491231002X":   refused,
		"110105-19491231-002X": "11010519491231002X",
	} {
		if got := flagged(intake.NormaliseIDNo(in)); got != want {
			t.Errorf("NormaliseIDNo(%q) = %s, want %s", in, got, want)
		}
	}
}

func TestNormaliseBankCard(t *testing.T) {
	for in, want := range map[string]string{
		"4111111111111111":        "4111111111111111", // the usual test numbers of the card schemes
		"5555 5555 5555 4444":     "5555555555554444",
		"6222-0212-3456-7890-128": "6222021234567890128",
		"378282246310005":         "378282246310005",
		"4111111111111112":        "4111111111111112 [luhn]",
		"79927398713":             refused, // Luhn's own example is too short for a card
		"41111111111111111111":    refused,
		"4111x11111111111":        refused,
		"４１１１１１１１１１１１１１１１":         "4111111111111111",
		"4111\u00a01111 1111 1111": "4111111111111111",
	} {
		if got := flagged(intake.NormaliseBankCard(in)); got != want {
			t.Errorf("NormaliseBankCard(%q) = %s, want %s", in, got, want)
		}
	}
}

func TestNormaliseUSCC(t *testing.T) {
	for in, want := range map[string]string{
		"91350100M000100Y43":   "91350100M000100Y43", // the example of GB 32100-2015
		"91350100m000100y43":   "91350100M000100Y43",
		"91350100-M000100Y-43": "91350100M000100Y43",
		"91350100M000100Y44":   "91350100M000100Y44 [checksum]",
		"91350100M000100O43":   refused, // O is not in the alphabet
		"9135010OM000100Y43":   refused,
		"91350100M000100Y4":    refused,
		"91350100M000100Y4é":   refused,
	} {
		if got := flagged(intake.NormaliseUSCC(in)); got != want {
			t.Errorf("NormaliseUSCC(%q) = %s, want %s", in, got, want)
		}
	}
}

func TestNormalisePhone(t *testing.T) {
	for in, want := range map[string]string{
		"19900001234":                         "+8619900001234",
		" 199 0000-1234 ":                     "+8619900001234",
		"１９９００００１２３４":                         "+8619900001234",
		"+86 199 0000 1234":                   "+8619900001234",
		"+8619900001234":                      "+8619900001234",
		"008619900001234":                     "+8619900001234",
		"8619900001234":                       "+8619900001234",
		"019900001234":                        "+8619900001234",
		"tel:+8619900001234":                  "+8619900001234",
		"010-66660001":                        "+861066660001",
		"（010）66660001":                       "+861066660001",
		"86-10-66660001":                      "+861066660001",
		"021 6666 0001":                       "+862166660001",
		"0571-66660001":                       "+8657166660001",
		"0731-6666001":                        "+867316666001",
		"010-66660001-8001":                   refused, // an extension needs a mark
		"010-66660001转8001":                   "+861066660001",
		"010-66660001 x801":                   "+861066660001",
		"400-666-0001":                        "+864006660001",
		"95588":                               "+8695588",
		"+8695588":                            "+8695588",
		"12378":                               "+8612378",
		"+1 (202) 555-0134":                   "+12025550134",
		"00852 2123 4567":                     "+85221234567",
		"+1234567890123456":                   refused,
		"66660001":                            refused, // a landline needs its area code
		"1990000123":                          refused,
		"12900001234":                         refused,
		"199000012345":                        refused,
		"1990000123a":                         refused,
		"199****1234":                         refused,
		"+":                                   refused,
		"":                                    refused,
		"---":                                 refused,
		"99999999999999999999999999999999999": refused,
	} {
		if got := result(intake.NormalisePhone(in)); got != want {
			t.Errorf("NormalisePhone(%q) = %s, want %s", in, got, want)
		}
	}
}

package intake

import "qingyuan"

// NormaliseEntity brings the value of an entity into the form its blind index is made of. Errors: invalid.
func NormaliseEntity(kind qingyuan.EntityKind, value string) (string, error) {
	var err error
	switch kind {
	case qingyuan.Person:
		value, _, err = NormaliseIDNo(value)
	case qingyuan.Phone:
		value, err = NormalisePhone(value)
	case qingyuan.BankCard:
		value, _, err = NormaliseBankCard(value)
	case qingyuan.IP:
		value, _, err = NormaliseIP(value)
	case qingyuan.Device:
		value, err = NormaliseDevice(value)
	case qingyuan.Email:
		value, err = NormaliseEmail(value)
	case qingyuan.Address:
		value, err = NormaliseAddress(value)
	case qingyuan.Handle:
		value, err = NormaliseHandle(value)
	case qingyuan.Employer, qingyuan.Organisation, qingyuan.Agent:
		value, err = NormaliseOrganisation(value)
	}
	if err == nil && value == "" {
		err = qingyuan.FieldErrorf("value", "must not be empty")
	}
	return value, err
}

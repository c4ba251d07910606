package leaf

import "time"

// Person is somebody who does not exist.
type Person struct {
	Name, IDNo, Phone string
	Male              bool
	Birth             time.Time
	City              *City // where the person lives
	District          District
	Home              string
}

// NewPerson makes a person of that age in completed years on the day, living in the city. A third were registered
// elsewhere: the region of the ID number is where somebody was born, not where they live.
func NewPerson(r *Rand, city *City, day time.Time, age int) Person {
	p := Person{Male: r.Chance(0.57), City: city, District: Pick(r, city.Districts), Phone: Mobile(r)}
	p.Birth = day.AddDate(-age, 0, -r.Between(1, 360))
	p.Name = Name(r, p.Male, p.Birth.Year())
	region := p.District.Code
	if r.Chance(0.36) {
		row := cityTable[r.IntN(len(cityTable))]
		region = row.districts[:6]
	}
	p.IDNo = IDNo(r, region, p.Birth, p.Male)
	p.Home = Address(r, city, p.District)
	return p
}

// Name makes a Chinese name for somebody of that sex born in that year.
func Name(r *Rand, male bool, born int) string {
	given := pickRune(r, givenFemale)
	switch {
	case male && born < 1985:
		given = pickRune(r, givenMaleOld)
	case male:
		given = pickRune(r, givenMale)
	case born < 1985:
		given = pickRune(r, givenFemaleOld)
	}
	if r.Chance(0.78) {
		second := givenFemale
		if male {
			second = givenMale
		}
		given += pickRune(r, second)
	}
	return Surname(r) + given
}

// Surname draws a family name, the common ones more often.
func Surname(r *Rand) string {
	if r.Chance(0.012) {
		return Pick(r, []string{"欧阳", "司马", "上官", "诸葛", "皇甫", "慕容", "夏侯", "尉迟"})
	}
	x := r.Float64()
	return string(surnames[int(x*x*float64(len(surnames)))])
}

func pickRune(r *Rand, of []rune) string { return string(of[r.IntN(len(of))]) }

var (
	surnames = []rune("王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤")
	// The second character of a given name comes from the newer lists, so that generations mix as they do.
	givenMale      = []rune("浩宇轩杰涛明超伟强磊洋勇军俊峰鹏辉健飞凯博文龙波斌翔阳晨旭帆毅航哲瑞豪睿泽昊然威林森源祥志嘉诚亮平刚")
	givenMaleOld   = []rune("建国志军卫东海永德福贵金庆忠义成荣树华新春有根宝富全学贤光明长生友才茂兴")
	givenFemale    = []rune("婷雪梅敏静丽娜艳芳莉娟燕玲霞丹萍红倩欣怡佳悦琳慧颖洁璐琪瑶晶莹蕾菲雯思雨梦涵紫妍薇蓉露")
	givenFemaleOld = []rune("秀桂玉淑凤兰英珍翠春美爱素金香芬菊月巧荷彩云")
)

// Employer is an organisation people work for.
type Employer struct {
	Name, USCC, Phone, Address string
	City                       *City
	Size                       int // people who work there, as far as the lender's customers go
}

// NewEmployer makes a company in the city.
func NewEmployer(r *Rand, c *City) *Employer {
	d := Pick(r, c.Districts)
	short := c.Name[:len(c.Name)-len("市")]
	return &Employer{
		Name: short + Company(r) + Pick(r, industries) + Pick(r, []string{"有限公司", "有限公司", "有限责任公司", "股份有限公司"}),
		USCC: USCC(r, "91", d.Code), Phone: Landline(r, c), Address: Office(r, c, d), City: c,
	}
}

// Company draws the fancy part of a company's name.
func Company(r *Rand) string { return pickRune(r, fancyHead) + pickRune(r, fancyTail) }

var (
	fancyHead  = []rune("华中盛恒鑫金瑞宏天益永安佳博创远新泰德诚隆昌嘉汇同众卓锦普顺康亿百联凯")
	fancyTail  = []rune("达源通盛泰信诚丰兴和美业邦腾晟洋翔宇科德利捷辉茂越凡耀")
	industries = []string{"餐饮管理", "物流", "电子科技", "建筑工程", "商贸", "服装", "机械制造", "信息技术", "物业管理", "汽车服务", "食品", "家居", "广告传媒", "人力资源",
		"教育科技", "医疗器械", "装饰工程", "精密五金", "供应链管理", "包装", "塑胶制品", "纺织", "酒店管理", "环保科技", "网络科技"}
)

"""The words that passwords are most often made of, here and elsewhere: what a guesser tries first. Pure data, our
own list.

Compared with what is left of a password without the digits and signs around it, so `Password123!!!` is on it too.
Lower case, letters and digits only. No word is here because it is short: a phrase of several of them is a good
password.
"""

_ANYWHERE = """
    password passwort passw0rd p4ssw0rd p4ssword pa55word passcode passphrase password1 mypassword newpassword
    thepassword changeme changemenow changeit letmein letmeinnow iloveyou iloveu welcome welcomehome welcomeback
    admin administrator adminadmin root superuser user guest test testing tester temp temporary default secret
    topsecret supersecret login access master monkey dragon sunshine princess football baseball basketball superman
    batman spiderman pokemon naruto onepiece starwars michael jordan jennifer jessica daniel charlie thomas andrew
    joshua ashley freedom whatever trustno1 shadow killer hunter flower butterfly chocolate cookie banana orange
    summer winter spring autumn january february december monday sunday internet computer samsung android iphone
    google facebook instagram youtube tiktok whatsapp twitter gmail yahoo microsoft windows linkedin liverpool
    chelsea arsenal barcelona realmadrid manchesterunited juventus acmilan correcthorsebatterystaple helloworld
    hello hellohello abc abcd abcdef abcdefg abcdefgh abcdefghijkl abcdefghijklmnop abc123 a1b2c3 a1b2c3d4
    a1b2c3d4e5f6 qwerty123 qwertyuiop123 q1w2e3r4 q1w2e3r4t5 q1w2e3r4t5y6 1q2w3e4r 1q2w3e4r5t 1q2w3e4r5t6y
    1q2w3e4r5t6y7u 1qaz2wsx 1qaz2wsx3edc 1qaz2wsx3edc4rfv qazwsx qazwsxedc qazwsxedcrfv zaq12wsx zaq1xsw2
    zaq12wsxcde3 xsw2zaq1 asdf1234 asdfqwer asdfghjkl123 qweasd qweasdzxc qweasdzxc123 qwe123 qwer1234 asd123
    zxc123 1234qwer 123qwe 123qweasd 123qweasdzxc 123abc abcd1234 aa123456 a123456 a12345678
"""

_INDONESIA = """
    indonesia indonesiaku indonesiaraya merahputih garuda garudaindonesia pancasila nusantara merdeka
    bhinnekatunggalika bhinneka tanahairku tanahair republikindonesia nkri nkrihargamati dirgahayu jakarta bandung
    surabaya medan semarang makassar yogyakarta jogja jogjakarta bali malang bogor depok bekasi tangerang palembang
    lampung pontianak samarinda balikpapan banjarmasin manado ambon jayapura papua sumatera sumatra kalimantan
    sulawesi jawatengah jawabarat jawatimur bismillah bismilah bismillahirrahmanirrahim alhamdulillah alhamdulilah
    allah allahuakbar allahswt subhanallah masyaallah insyaallah assalamualaikum assalamualaikumwrwb muhammad
    muhammadsaw rasulullah lailahaillallah astaghfirullah astagfirullah istighfar ramadhan ramadan lebaran
    idulfitri yesus yesuskristus tuhanyesus yesustuhan tuhan tuhanku haleluya immanuel sayang sayangku sayangkamu
    sayangmama sayangibu akusayangkamu akusayangmama akucintakamu akucinta cinta cintaku cintakamu cintasejati
    cintaibu iloveindonesia kangen rindu kamu kamuaku akukamu selamanya selamalamanya bahagia bahagiaselalu
    semangat semangatpagi sukses suksesselalu rahasia rahasiaku rahasianegara rahasiabanget rahasiasekali katasandi
    katasandiku katakunci sandi sandiku passwordku lupa lupalagi lupapassword lupasandi tidakada tidaktahu gaktau
    gatau entahlah terserah masuk masukaja bukapintu bukaaja selamatdatang selamatpagi selamatsiang selamatmalam
    terimakasih makasih keluarga keluargaku keluargabahagia anakku anaksoleh anakbaik mama mamaku mamapapa papamama
    ibu ibuku ibubapak ayah ayahku bapak bapakku adik kakak nenek kakek suami suamiku istri istriku pacar pacarku
    teman temanku sahabat sahabatku rumah rumahku sekolah kampus kantor kantorku kerja uang uangku duit kaya
    kayaraya jutawan sepakbola persib persibbandung persija persijajakarta arema aremania persebaya bonek bobotoh
    jakmania timnas timnasindonesia bulutangkis dangdut kopi kopihitam nasigoreng bakso sate rendang gorengan
    kucing kucingku anjing kelinci ayam ayamgoreng harimau elang naga macan singa mawar melati bunga bungaku
    matahari bulan bintang bintangku pelangi hujan laut gunung pantai kupukupu januari februari maret april juni
    juli agustus september oktober november desember senin selasa rabu kamis jumat sabtu minggu satu duatiga
    satudua satuduatiga satuduatigaempat satuduatigaempatlima ktp ktpku ektp nik nikku kartukeluarga pemerintah
    negara presiden menteri bupati walikota gubernur pns asn cpns bpjs pajak npwp puskesmas kelurahan kecamatan
    desa kota layanan layananpublik identitas identitasku akun akunku akunsaya warga warganegara wargaindonesia
    budi budisantoso siti agus dewi putri putra wahyu ahmad rizki rizky nurul fitri indah ayu sari wati dian
    lestari ratna sri eko joko bambang samsungku oppo vivo xiaomi redmi telkomsel indosat xlaxiata pertamina gojek
    grab tokopedia shopee lazada bukalapak kontol memek bangsat anjir goblok bodoamat bodoh cantik ganteng
    gantengsekali cantiksekali imut manis manja jomblo
"""

WORDS = frozenset(f"{_ANYWHERE} {_INDONESIA}".split())

# What a finger slides along: rows and columns of the keyboard, the alphabet. Any stretch of these, either way, is
# no secret.
RUNS = (
    "qwertyuiopasdfghjklzxcvbnm",
    "qwertyuiop1234567890",
    "qazwsxedcrfvtgbyhnujmikolp",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
    "1q2w3e4r5t6y7u8i9o0p",
    "abcdefghijklmnopqrstuvwxyz",
    "asdfghjkl1234567890",
    "!@#$%^&*()_+",
)

from files import File

a = File("a", "one")
b = File("b", "one")

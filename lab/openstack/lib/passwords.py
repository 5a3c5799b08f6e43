"""Gives every account of Keystone this lab's password; those of a snapshot have one that nobody knows."""
import bcrypt
import pymysql

import lab

if __name__ == '__main__':
    hashed = bcrypt.hashpw(lab.password().encode(), bcrypt.gensalt(4)).decode()
    with pymysql.connect(unix_socket=lab.MYSQL, user='root', database='keystone') as database:
        with database.cursor() as cursor:
            cursor.execute('update password set password_hash = %s', (hashed,))
        database.commit()

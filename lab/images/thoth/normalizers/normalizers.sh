#!/bin/bash
exec faust -A normalizers worker --loglevel=info --without-web

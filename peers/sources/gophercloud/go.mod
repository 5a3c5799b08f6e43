module orrery/peers/gophercloud

go 1.26.0

require (
	github.com/gophercloud/gophercloud v1.14.1
	golang.org/x/crypto v0.0.0-20220829220503-c86fa9a7ed90
)

require golang.org/x/sys v0.0.0-20210615035016-665e8c7367d1 // indirect

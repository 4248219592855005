"""Common family names that tell where a name splits. Pure data.

`COMMON`: of one syllable, in languages that write the family name first. `IBERIAN`: of languages whose people have two
family names.

Used only to detect names that were split at the wrong place. A missing name costs one doubt.
"""

_TEXT = """
ahn bae bai bao bui cai cao chan chang chen cheng cheung chiang cho choi chong chow chu chung cui dai dang deng
ding dinh dong du duan duong fan fang feng fu gan gao ge geng gong gu guan guo han hao he ho hoang hong hou hsu
hu hua huang huynh hwang jang jeon jeong ji jia jiang jin jung kang kim ko kong kuang kuo kwon lai lam lau lee
lei leung li liang liao lim lin ling liu lu luo luu lyu ma mao meng miao mo mou ng ngo nguyen nie niu oh ouyang
pan park peng pham phan pu qi qian qiao qin qiu qu ren ruan seo shao shen sheng shi shin song su sun tan tang
tao teh teng tian tong tran tsai tu vo vu wan wang wei wen weng wong wu xia xiang xiao xie xing xiong xu xue
yan yang yao ye yeh yi yin yoo yoon you yu yuan yue yun zeng zha zhai zhan zhang zhao zheng zhong zhou zhu
zhuang zou
"""
COMMON = frozenset(_TEXT.split())

_IBERIAN_TEXT = """
aguilar aguirre almeida alonso alvarez álvarez alves amaral andrade aragón arias avila ávila azevedo barbosa barros
bautista benítez blanco bravo cabrera calderón campos cardona cardoso carrasco carvalho castillo castro cavalcanti
contreras correa correia cortés costa crespo cruz cunha delgado dias diaz díaz domínguez dominguez duarte echeverría
escobar espinosa espinoza esteban estrada fernandes fernandez fernández ferreira figueroa flores fonseca fuentes gallego
gallegos garcia garcía garrido gimenez giménez gomes gomez gómez gonçalves gonzales gonzalez gonzález guerrero gutierrez
gutiérrez guzmán hernandez hernández herrera herrero hidalgo ibáñez iglesias jimenez jiménez juárez lopes lopez lópez
lozano machado maldonado marín marques marquez márquez martínez martinez martins medeiros medina mejía méndez mendes
mendez mendoza miranda molina montero montoya morales moreira moreno moura muñoz nascimento navarro nogueira nunes núñez
oliveira orozco ortega ortiz ortíz osorio pacheco pardo peña pereira perez pérez pineda pinheiro pinto ponce prieto
quintero ramírez ramirez ramos restrepo ribeiro rios ríos rivas rivera rocha rodrigues rodriguez rodríguez rojas romero
rosario rubio ruiz salazar salinas sánchez sanchez santana santiago santos sanz saavedra serrano silva soares solís
soto sousa souza suárez suarez teixeira toledo torres trujillo urrutia valdez valencia vargas vasconcelos vásquez
vasquez vázquez vazquez vega velasco velásquez vera vidal vieira villalobos zamora zapata zúñiga
"""
IBERIAN = frozenset(_IBERIAN_TEXT.split())
